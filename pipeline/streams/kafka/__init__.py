"""The way to Kafka: connections, producers, consumers, Faust's app, and the bounded reading of record batches."""
