"""What an installation needs on its brokers: topics, replicas, users, quotas."""
