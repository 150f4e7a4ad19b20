"""What two revisions permit differently: for every pod, and for the workloads of their manifests."""
