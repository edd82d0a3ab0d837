"""What a backup is made of: a tar file with the data, and a manifest that says how many rows and which hash."""
