"""What people do with the service: gather, ask the core, write. One use case a file, called by the API and the pages alike."""
