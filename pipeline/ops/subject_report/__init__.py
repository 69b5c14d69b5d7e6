"""What an agency answers to a person who asks what it holds."""
