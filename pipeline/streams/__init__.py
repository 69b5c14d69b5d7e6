"""The Kafka edge: topic catalogue, the three Faust apps, chunk consumption, transactional producers, store life cycle."""
