"""The API over in-memory parts, in this process or served by one of its own."""
