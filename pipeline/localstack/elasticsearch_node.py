"""The child process that is Elasticsearch: starts a node inside this Python process's JVM and waits to be ended.

usage: elasticsearch_node.py LAUNCH.json

The published jars hold no server launcher, so JPype stands in for it. It imports nothing of this package, which
keeps its start quick; elasticsearch.py writes the launch file.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import jpype


def start_jvm(launch: dict[str, Any]) -> None:
    """Start the JVM; `-Xrs` leaves the signals to us."""
    jpype.startJVM(launch["libjvm"], "-Xrs", *launch["options"], classpath=launch["classpath"], convertStrings=False)


def start_node(launch: dict[str, Any]) -> Any:
    """A started node, by the calls that Elasticsearch's own launcher makes; returns org.elasticsearch.node.Node."""
    java = jpype.JClass
    settings = java("org.elasticsearch.common.settings.Settings").builder()
    for key, value in launch["settings"].items():
        settings.put(key, value)
    node_name = jpype.JProxy("java.util.function.Supplier", dict={"get": lambda: launch["settings"]["node.name"]})
    configuration = java("java.nio.file.Paths").get(launch["configuration"])
    environment = java("org.elasticsearch.node.InternalSettingsPreparer").prepareEnvironment(
        settings.build(), java("java.util.HashMap")(), configuration, node_name
    )
    logs = java("org.elasticsearch.common.logging.LogConfigurator")
    logs.setNodeName(launch["settings"]["node.name"])
    logs.registerErrorListener()
    logs.configure(environment, True)
    plugins = java("org.elasticsearch.plugins.PluginsLoader")
    modules = plugins.loadModulesBundles(environment.modulesDir(), False)
    loader = plugins.createPluginsLoader(modules, java("java.util.HashSet")(), java("java.util.HashMap")(), False)
    node = java("org.elasticsearch.node.Node")(environment, loader)
    node.start()
    return node


def main() -> None:
    """Run until SIGTERM or SIGINT, then close the node in order."""
    ending = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the JVM makes its threads, which inherit it: so the signals wait for sigwait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    launch = json.loads(Path(sys.argv[1]).read_bytes())
    start_jvm(launch)
    node = start_node(launch)
    signal.sigwait(ending)
    node.close()
    # Python's own way out would wait for the JVM's remaining threads; this one ends them, after the start cache.
    jpype.JClass("java.lang.System").exit(0)


if __name__ == "__main__":
    main()
