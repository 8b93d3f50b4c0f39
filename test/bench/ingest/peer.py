"""A pipeline as a team may write it in Python: from Kafka to Postgres and an alerts topic, one transaction per batch.

    peer.py CONFIG      a JSON file, see peer.ts

Each batch is parsed, scored by the ONNX model, and written: anomalies and positions in one transaction. Alerts are sent after it.
"""

import signal
import sys
from operator import itemgetter

import numpy as np
import onnxruntime
import orjson
import psycopg
from confluent_kafka import Consumer, Producer, TopicPartition

BATCH = 4096
WAIT_S = 0.05


def main(config):
    stopped = False

    def stop(*_):
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    nll_of = open_model(config)
    store = psycopg.connect(config["postgres"], autocommit=True)
    store.execute(f"set search_path to {config['schema']}")
    consumer = open_consumer(config, store)
    producer = Producer({"bootstrap.servers": config["brokers"]})
    while not stopped:
        messages = [message for message in consumer.consume(BATCH, WAIT_S) if message.error() is None]
        if not messages:
            continue
        nll = nll_of([message.value() for message in messages])
        anomalies = [(messages[row], float(nll[row])) for row in np.flatnonzero(nll > config["threshold"])]
        write(store, anomalies, consumer.position(consumer.assignment()))
        for message, own in anomalies:
            producer.produce(config["alerts_topic"], alert(config["alert_type"], message, own), message.key())
        producer.poll(0)
    producer.flush()
    consumer.close()


def open_model(config):
    """Returns the function from messages to NLLs, in nats."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(config["onnx"], options, providers=["CPUExecutionProvider"])
    numbers_of = itemgetter(*config["fields"])
    centre, scale = np.array(config["centre"]), np.array(config["scale"])

    def nll_of(values):
        numbers = np.array([numbers_of(orjson.loads(value)) for value in values])
        row = ((numbers - centre) / scale).clip(-1e4, 1e4).astype(np.float32)
        (nll,) = session.run(["nll"], {"row": row})
        return nll + config["added_nll"]

    return nll_of


def open_consumer(config, store):
    """Starts at the positions stored in Postgres."""
    consumer = Consumer(
        {
            "bootstrap.servers": config["brokers"],
            "group.id": config["schema"],
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )

    def assigned(consumer, partitions):
        stored = dict(store.execute("select partition, next_offset from positions").fetchall())
        begin = [TopicPartition(p.topic, p.partition, stored.get(p.partition, 0)) for p in partitions]
        consumer.assign(begin)

    consumer.subscribe([config["topic"]], on_assign=assigned)
    return consumer


def write(store, anomalies, positions):
    with store.transaction(), store.cursor() as cursor:
        if anomalies:
            rows = [(m.partition(), m.offset(), m.timestamp()[1], m.value().decode(), nll) for m, nll in anomalies]
            cursor.executemany("insert into anomalies values (%s, %s, %s, %s, %s)", rows)
        cursor.executemany(
            "insert into positions values (%s, %s) on conflict (partition) do update set next_offset = excluded.next_offset",
            [(position.partition, position.offset) for position in positions if position.offset >= 0],
        )


def alert(alert_type, message, nll):
    time = str(np.datetime64(message.timestamp()[1], "ms")) + "Z"
    return orjson.dumps({"type": alert_type, "time": time, "nll": nll, "record": orjson.loads(message.value())})


with open(sys.argv[1], "rb") as file:
    main(orjson.loads(file.read()))
