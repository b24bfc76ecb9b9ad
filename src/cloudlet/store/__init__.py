"""The engines behind cloudlet.core.store: `open.open_store` opens one, `blobs.DirectoryBlobs` bodies."""
