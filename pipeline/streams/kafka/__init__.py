"""The way to Kafka: connections, producers, consumers, and the bounded reading of record batches."""
