"""What the log of a worker or a server says, and that an outage makes no storm of it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

from pipeline.backoff import retrying
from pipeline.errors import LiaisonError
from pipeline.logs import AGAIN_AFTER_S, RepeatFilter


class Heard(logging.Handler):
    """Keeps the lines that pass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.lines: list[str] = []
        self.tracebacks = 0
        self.addFilter(RepeatFilter(lambda: self.now))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.tracebacks += record.exc_info is not None


def listened(name: str) -> tuple[logging.Logger, Heard]:
    heard, log = Heard(), logging.Logger(name)
    log.addHandler(heard)
    return log, heard


def test_a_line_says_when_how_grave_and_who() -> None:
    code = (
        "import logging; from pipeline.logs import set_up_logging; set_up_logging('project', 'info', 'g1');"
        "logging.getLogger('pipeline.x').info('begun')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stderr
    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO pid=\d+ stage=project generation=g1 pipeline\.x: begun\n"
    assert re.fullmatch(line, said)


def test_debug_is_of_our_own_lines_alone() -> None:
    code = (
        "import logging; from pipeline.logs import set_up_logging; set_up_logging('intake', 'debug');"
        "logging.getLogger('pipeline.x').debug('decided'); logging.getLogger('aiokafka').info('fetched')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stderr
    assert re.fullmatch(r"\S+ DEBUG pid=\d+ stage=intake generation=- pipeline\.x: decided\n", said)


def test_a_librarys_false_alarm_is_not_told_and_all_else_of_it_is() -> None:
    """By the library's own words: where it changes them, this says so."""
    code = (
        "import logging; from kafka.net.sasl.scram import SaslMechanismScram;"
        "from pipeline.logs import set_up_logging; set_up_logging('api', 'info');"
        "SaslMechanismScram(security_protocol='SASL_PLAINTEXT', sasl_mechanism='SCRAM-SHA-256',"
        " sasl_plain_username='x', sasl_plain_password='y', host='x');"
        "logging.getLogger('kafka.net.sasl.scram').warning('another')"
    )
    unheard = code.replace("set_up_logging('api', 'info')", "logging.basicConfig()")
    said, before = (
        subprocess.run([sys.executable, "-c", one], capture_output=True, text=True, timeout=60).stderr
        for one in (code, unheard)
    )
    assert "in the clear" in before
    assert re.fullmatch(r"\S+ WARNING pid=\d+ stage=api generation=- kafka\.net\.sasl\.scram: another\n", said)


async def test_a_minute_of_tries_is_one_line_each_and_says_how_many_were_left_out() -> None:
    log, heard = listened("pipeline.index.writer")

    async def sleep(pause_s: float) -> None:
        heard.now += pause_s

    async for attempt in retrying(LiaisonError, log, "a bulk request", sleep=sleep):
        with attempt:
            if heard.now < 2.5 * AGAIN_AFTER_S:
                raise LiaisonError("Elasticsearch does not answer")
    assert len(heard.lines) == 3
    assert re.search(r"\(\d+ more like it since\)$", heard.lines[1])


def test_a_library_is_heard_once_a_minute_whatever_node_or_try_it_names_and_without_its_traceback() -> None:
    log, heard = listened("elastic_transport.transport")
    for number in range(345):
        try:
            raise OSError("refused")
        except OSError:
            log.warning("Retrying request after failure (attempt %d of %d)", number, 345, exc_info=True)
    assert (len(heard.lines), heard.tracebacks) == (1, 0)


def test_no_line_of_ours_about_one_record_is_left_out_for_another() -> None:
    log, heard = listened("pipeline.streams.stages.notify")
    for offset in range(5):
        log.error("%s-%d-%d can't be told of", "links", 0, offset)
    log.info("begun")
    log.info("begun")
    assert len(heard.lines) == 7
