import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { DATABASE_RULES } from './database-rules';

describe('the table of databases and brokers', () => {
  checkRows(DATABASE_RULES, {
    'postgres-login': [
      'credentials certain',
      python(
        'psycopg2.OperationalError: connection to server at "db" (10.0.0.2), port 5432 failed: FATAL:  password authentication failed for user "scout"',
      ),
      node('error: password authentication failed for user "scout"', "code: '28P01',"),
      node('Error: SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
      'panic: pq: no pg_hba.conf entry for host "10.0.0.9", user "scout", database "d", no encryption\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
    'prisma-login': [
      'credentials certain',
      node(
        'PrismaClientInitializationError: Authentication failed against database server at `db`, the provided database credentials for `scout` are not valid.',
        "errorCode: 'P1000'",
      ),
    ],
    'mysql-login': [
      'credentials certain',
      python(`pymysql.err.OperationalError: (1045, "Access denied for user 'scout'@'10.0.0.9' (using password: YES)")`),
      node("Error: Access denied for user 'scout'@'localhost' (using password: NO)", "code: 'ER_ACCESS_DENIED_ERROR',"),
    ],
    'mongo-login': [
      'credentials certain',
      python(
        "pymongo.errors.OperationFailure: Authentication failed., full error: {'ok': 0.0, 'code': 18, 'codeName': 'AuthenticationFailed'}",
      ),
      node('MongoServerError: bad auth : authentication failed', 'code: 8000,'),
    ],
    'redis-login': [
      'credentials certain',
      python('redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.'),
      node('ReplyError: NOAUTH Authentication required.', "command: { name: 'info', args: [] }"),
      node('ReplyError: WRONGPASS invalid username-password pair or user is disabled.'),
    ],
    'database-missing': [
      'configuration likely',
      python(
        'psycopg2.OperationalError: connection to server at "db", port 5432 failed: FATAL:  database "agents" does not exist',
      ),
      node('error: role "scout" does not exist', "code: '28000',"),
      python(`pymysql.err.OperationalError: (1049, "Unknown database 'agents'")`),
    ],
    'amqp-login': [
      'credentials certain',
      python(
        'aiormq.exceptions.ProbableAuthenticationError: ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.',
      ),
      node(
        'Error: Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."',
      ),
    ],
    'amqp-access': [
      'credentials likely',
      python("pika.exceptions.ProbableAuthenticationError: ConnectionClosedByBroker: (403) 'denied'"),
      node(
        'Error: Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to queue was refused for user"',
      ),
    ],
    'kafka-login': [
      'credentials likely',
      node(
        'KafkaJSSASLAuthenticationError: SASL PLAIN authentication failed: Authentication failed: Invalid username or password',
      ),
      python('kafka.errors.TopicAuthorizationFailedError: [Error 29] TopicAuthorizationFailedError: orders'),
    ],
    'nats-login': [
      'credentials likely',
      node("NatsError: 'Authorization Violation'", "code: 'AUTHORIZATION_VIOLATION'"),
      'panic: nats: Authorization Violation\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
    'mqtt-login': [
      'credentials likely',
      node('Error: Connection refused: Not authorized', 'code: 5'),
      node('Error: Connection refused: Bad username or password'),
    ],
    'postgres-away': [
      'network certain',
      python('psycopg2.OperationalError: could not connect to server: Is it running on host "db"?'),
      node('error: terminating connection due to administrator command', "code: '57P01',"),
      python('asyncpg.exceptions.CannotConnectNowError: the database system is starting up'),
      python('psycopg2.OperationalError: FATAL:  sorry, too many clients already'),
    ],
    'prisma-away': [
      'network certain',
      node("PrismaClientInitializationError: Can't reach database server at `db:5432`", "errorCode: 'P1001'"),
    ],
    'mysql-away': [
      'network certain',
      python(`pymysql.err.OperationalError: (2003, "Can't connect to MySQL server on 'db'")`),
      node('Error: Connection lost: The server closed the connection.', "code: 'PROTOCOL_CONNECTION_LOST'"),
    ],
    'mongo-away': [
      'network certain',
      python('pymongo.errors.ServerSelectionTimeoutError: No servers found yet, Timeout: 30s'),
      node('MongooseServerSelectionError: Could not find any servers'),
    ],
    'redis-away': [
      'network certain',
      python('redis.exceptions.BusyLoadingError: LOADING Redis is loading the dataset in memory'),
      node('MaxRetriesPerRequestError: Reached the max retries per request limit (which is 20).'),
    ],
    'kafka-away': [
      'network certain',
      python('kafka.errors.NoBrokersAvailable: NoBrokersAvailable'),
      node('KafkaJSNumberOfRetriesExceeded: Broker not available'),
      node(
        'KafkaJSSASLAuthenticationError: SASL SCRAM SHA512 authentication failed: Request SaslAuthenticate(key: 36, version: 1) timed out',
      ),
      node('Error: Local: Broker transport failure', 'code: -195'),
    ],
    'amqp-away': [
      'network certain',
      python('pika.exceptions.AMQPConnectionError'),
      python('pika.exceptions.StreamLostError: Stream connection lost'),
      python('kombu.exceptions.OperationalError: it is away'),
    ],
    'nats-away': [
      'network certain',
      python('nats.errors.NoServersError: nats: no servers available for connection'),
      node('NatsError: CONNECTION_REFUSED', "code: 'CONNECTION_REFUSED'"),
    ],
    'search-away': [
      'network certain',
      python('elastic_transport.ConnectionTimeout: it took too long'),
      python('ValueError: Could not connect to a Chroma server. Are you sure it is running?'),
    ],
  });
});
