"""What the generator makes: objects, the two styles of clusters, and the text they are written as."""
