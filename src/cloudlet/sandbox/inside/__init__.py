"""What runs on the other side of the wall: fork servers, first processes, runtimes. Standard library only; never the server."""
