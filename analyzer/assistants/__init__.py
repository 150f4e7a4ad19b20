"""The questions for assistants, over the Model Context Protocol (the extra `mcp`).

answers   what a tool says: the report of the command, and before it how far it holds
server    the tools, on the official SDK
"""
