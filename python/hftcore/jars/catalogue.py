"""Every set of jars, and why each line is in it."""

from __future__ import annotations

from hftcore.jars.jar_set import JarSet

KAFKA_VERSION = "4.3.1"
SPARK_VERSION = "4.2.0"
HADOOP_VERSION = "3.5.0"  # the one inside pyspark 4.2.0: client and connector must agree with it
_AWS_VERSION = "2.35.4"  # the one that hadoop-aws was built with

# slf4j-simple: without a binding of the API's own version (1.7) the brokers' logs stay empty.
BROKERS = JarSet(
    key="brokers",
    title=f"Kafka {KAFKA_VERSION} brokers'",
    folder="kafka",
    version=KAFKA_VERSION,
    dependencies=f"""\
    <dependency org="org.apache.kafka" name="kafka_2.13" rev="{KAFKA_VERSION}" conf="*->default"/>
    <dependency org="org.slf4j" name="slf4j-simple" rev="1.7.36" conf="*->default"/>""",
)

# Not transitive: all else that the connector asks for is in the pyspark wheel, and 68 MB of it would be fetched again.
KAFKA = JarSet(
    key="kafka",
    title=f"Spark {SPARK_VERSION} Kafka connector's",
    folder="spark-kafka",
    version=SPARK_VERSION,
    dependencies="\n".join(
        f'    <dependency org="{org}" name="{name}" rev="{rev}" conf="*->default" transitive="false"/>'
        for org, name, rev in (
            ("org.apache.spark", "spark-sql-kafka-0-10_2.13", SPARK_VERSION),
            ("org.apache.spark", "spark-token-provider-kafka-0-10_2.13", SPARK_VERSION),
            ("org.apache.kafka", "kafka-clients", "3.9.2"),
            ("org.apache.commons", "commons-pool2", "2.13.1"),
        )
    ),
)

# The parts of the AWS SDK that S3A uses, for its bundle of 600 MB; without what pyspark has itself.
S3 = JarSet(
    key="s3",
    title=f"Hadoop {HADOOP_VERSION} S3A connector's",
    folder="spark-s3",
    version=HADOOP_VERSION,
    dependencies="\n".join(
        [
            f'    <dependency org="org.apache.hadoop" name="hadoop-aws" rev="{HADOOP_VERSION}" conf="*->default"/>',
            *(
                f'    <dependency org="software.amazon.awssdk" name="{name}" rev="{_AWS_VERSION}" conf="*->default"/>'
                for name in ("s3", "s3-transfer-manager", "sts", "apache-client")
            ),
            '    <exclude org="software.amazon.awssdk" module="bundle"/>',
            *(
                f'    <exclude org="{org}"/>'
                for org in ("io.netty", "org.slf4j", "org.apache.httpcomponents", "commons-codec", "commons-logging")
            ),
        ]
    ),
)

# The servers. Their data path is Java's own sockets: netty's native parts are for other things and other systems.
HDFS = JarSet(
    key="hdfs",
    title=f"Hadoop {HADOOP_VERSION} HDFS servers'",
    folder="hdfs",
    version=HADOOP_VERSION,
    dependencies="\n".join(
        [
            *(
                f'    <dependency org="org.apache.hadoop" name="{name}" rev="{HADOOP_VERSION}" conf="*->default"/>'
                for name in ("hadoop-common", "hadoop-hdfs", "hadoop-hdfs-client")
            ),
            '    <exclude org="io.netty" module="netty-transport-native-epoll"/>',
            '    <exclude org="io.netty" module="netty-transport-native-kqueue"/>',
            '    <exclude org="io.netty" module="netty-resolver-dns-native-macos"/>',
        ]
    ),
)

JAR_SETS = {one.key: one for one in (BROKERS, KAFKA, S3, HDFS)}
