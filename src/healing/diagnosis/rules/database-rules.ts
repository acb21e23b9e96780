import { certain, likely, type Rule } from './rule';

const DATABASE = 'The database refused its user or password: correct them in env or envFrom, then spawn the agent.';
const BROKER = 'The broker refused its user or password: correct them in env or envFrom, then spawn the agent.';

/** Databases and brokers: whom they refuse, and when they are away. */
export const DATABASE_RULES: readonly Rule[] = [
  // Databases that refuse their user
  certain(
    'credentials',
    'postgres-login',
    /\bpassword authentication failed for user "|\bno password supplied\b|\bInvalidPasswordError\b|\bInvalidAuthorizationSpecificationError\b|\bno pg_hba\.conf entry for host\b|\bclient password must be a string\b/,
    { advice: DATABASE },
  ),
  certain('credentials', 'prisma-login', /\bP1000\b|\bAuthentication failed against database server\b/, {
    advice: DATABASE,
  }),
  certain('credentials', 'mysql-login', /\bAccess denied for user '[^']{0,80}'@'|\bER_ACCESS_DENIED_ERROR\b/, {
    advice: DATABASE,
  }),
  certain(
    'credentials',
    'mongo-login',
    /\bbad auth\b|\bMongoServerError: Authentication failed\b|\bOperationFailure: Authentication failed\b|['"]?codeName['"]?: ['"]AuthenticationFailed['"]/,
    { advice: DATABASE },
  ),
  certain(
    'credentials',
    'redis-login',
    /\bNOAUTH\b|\bWRONGPASS\b|\bERR invalid password\b|\bERR AUTH\b|\bredis\.exceptions\.AuthenticationError\b|\bAuthenticationWrongNumberOfArgsError\b/,
    { advice: DATABASE },
  ),
  likely(
    'configuration',
    'database-missing',
    /\bdatabase "[^"]{1,64}" does not exist\b|\brole "[^"]{1,64}" does not exist\b|\bUnknown database '|\bER_BAD_DB_ERROR\b|\bInvalidCatalogNameError\b|\bP1003\b/,
    { advice: DATABASE },
  ),

  // Brokers. Kafka and NATS also report a login that took too long like one that they refused.
  certain('credentials', 'amqp-login', /\bACCESS_REFUSED - Login was refused\b|\bACCESS_REFUSED\b.{0,80}\blogin\b/i, {
    advice: BROKER,
  }),
  likely('credentials', 'amqp-access', /\bACCESS_REFUSED\b|\bProbableAuthenticationError\b/, { advice: BROKER }),
  likely(
    'credentials',
    'kafka-login',
    /\b(?:SASL_AUTHENTICATION_FAILED|SaslAuthenticationException|SaslAuthenticationFailedError|KafkaJSSASLAuthenticationError|TopicAuthorizationFailedError|AuthenticationFailedError)\b(?!.{0,100}\btimed out\b)|\bSASL authentication error\b(?!.{0,100}\btransport failure\b)/,
    { advice: BROKER },
  ),
  likely('credentials', 'nats-login', /\b[Aa]uthorization [Vv]iolation\b/, { advice: BROKER }),
  likely(
    'credentials',
    'mqtt-login',
    /\b[Cc]onnection [Rr]efused: (?:[Nn]ot authori[sz]ed|[Bb]ad user ?name or password)\b/,
    {
      advice: BROKER,
    },
  ),

  // Away
  certain(
    'network',
    'postgres-away',
    /\bcould not connect to server\b|\bconnection to server at .{1,80} failed: (?!FATAL)|\bterminating connection due to administrator command\b|\bthe database system is (?:starting up|shutting down|in recovery mode)|\bCannotConnectNow\w{0,10}|\bconnection already closed\b|\bserver closed the connection unexpectedly\b|\b(?:sorry, too many clients already|remaining connection slots are reserved)\b/,
  ),
  certain('network', 'prisma-away', /\bP1001\b|\bP1002\b|\bCan't reach database server at\b/),
  certain(
    'network',
    'mysql-away',
    /\bCan't connect to (?:MySQL|MariaDB|local|server)|\bLost connection to MySQL\b|\bMySQL server has gone away\b|\bPROTOCOL_CONNECTION_LOST\b/,
  ),
  certain(
    'network',
    'mongo-away',
    /\bServerSelectionTimeout\w{0,10}|\bMongo(?:ose)?(?:Network|ServerSelection)\w{0,20}Error\b|\bAutoReconnect\b|\bNotPrimaryError\b/,
  ),
  certain(
    'network',
    'redis-away',
    /\bMASTERDOWN\b|\bLOADING Redis is loading\b|\bCLUSTERDOWN\b|\bMaxRetriesPerRequestError\b|\bmax number of clients reached\b/,
  ),
  certain(
    'network',
    'kafka-away',
    /\bNoBrokersAvailable\b|\bKafka(?:Connection|Timeout)Error\b|\bKafkaJS(?:Connection|NumberOfRetries|RequestTimeout)\w{0,20}|\bBroker(?:NotAvailable|TransportFailure)\w{0,10}|\bBroker transport failure\b|\bAll broker connections are down\b|\b_ALL_BROKERS_DOWN\b|\bKafkaJSSASLAuthenticationError\b/,
  ),
  certain(
    'network',
    'amqp-away',
    /\bAMQPConnect(?:ion|or)\w{0,10}(?:Error|Exception)\b|\bStreamLostError\b|\bConnectionClosedByBroker\b|\bkombu\.exceptions\.OperationalError\b|\bCONNECTION_FORCED\b/,
  ),
  certain(
    'network',
    'nats-away',
    /\bNoServersError\b|\bnats: (?:no servers available for connection|timeout|connection closed)\b|\bNatsError: (?:CONNECTION_REFUSED|'?TIMEOUT)/,
  ),
  certain(
    'network',
    'search-away',
    /\b(?:elasticsearch|opensearch|elastic_transport)\w{0,10}\.(?:\w{0,40}\.)?(?:ConnectionError|ConnectionTimeout)\b|\bNoLivingConnectionsError\b|\bCould not connect to a Chroma server\b|\bResponseHandlingException\b/,
  ),
];
