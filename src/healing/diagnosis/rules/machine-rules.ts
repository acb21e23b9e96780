import { certain, likely, type Rule } from './rule';

const WATCHERS =
  'The machine has no file watchers left: raise fs.inotify.max_user_watches, or end what watches too many files.';
const DISK = 'The disk is full: free some space on it, then spawn the agent.';
const DESCRIPTORS = 'It opened too many files: look for a leak, or raise the limit (ulimit -n, LimitNOFILE).';
const PRIVILEGED = 'Ports below 1024 need a privilege: choose a higher port, then spawn the agent.';
const ADDRESS = 'The machine does not have the address that it listens on: correct its host, then spawn the agent.';
const LOCK =
  'Another instance holds its lock, or a killed one left it behind: make sure that none runs, then remove the file.';
const GPU = 'The memory of the GPU is full: end what else uses it, or load a smaller model.';

/** Memory, ports, files and other parts of the machine. */
export const MACHINE_RULES: readonly Rule[] = [
  // Memory
  certain(
    'out-of-memory',
    'gpu-memory',
    /\bCUDA (?:out of memory|error: out of memory)\b|\bCUDA_ERROR_OUT_OF_MEMORY\b|\btorch\.(?:cuda\.)?OutOfMemoryError\b|\b(?:HIP|MPS backend) out of memory\b|\bcudaMalloc failed: out of memory\b|\bVRAM\b.{0,40}\binsufficient\b/,
    { advice: GPU },
  ),
  certain(
    'out-of-memory',
    'vllm-memory',
    /\bNo available memory for the cache blocks\b|\bFree memory on device\b.{0,80}\bless than desired GPU memory utilization\b/,
    { advice: GPU },
  ),
  certain(
    'out-of-memory',
    'v8-memory',
    /\bheap out of memory\b|\bReached heap limit\b|\bArray buffer allocation failed\b|\bInvalid array buffer length\b/,
  ),
  certain('out-of-memory', 'jvm-memory', /\bjava\.lang\.OutOfMemoryError\b/),
  certain('out-of-memory', 'dotnet-memory', /\bSystem\.(?:Insufficient|OutOf)\w*MemoryException\b/),
  certain('out-of-memory', 'python-memory', /^(?:numpy\.[\w.]{1,60}\.)?(?:MemoryError|_ArrayMemoryError)\b/),
  certain('out-of-memory', 'go-memory', /\bruntime: (?:out of memory|cannot allocate memory)\b/),
  certain('out-of-memory', 'native-memory', /\bstd::bad_alloc\b|\bmemory allocation of \d{1,20} bytes failed\b/),
  certain('out-of-memory', 'php-memory', /\bAllowed memory size of \d{1,20} bytes exhausted/),
  certain(
    'out-of-memory',
    'system-memory',
    /\bENOMEM\b|\bCannot allocate memory\b|^(?:\w{1,40}: )?Out of memory\b|\bOOMKilled\b|\boom-kill\b/,
  ),

  // Ports
  certain(
    'port-in-use',
    'address-in-use',
    /\b(?:WSA)?EADDRINUSE\b|\[Errno (?:98|48)\]|\bos error (?:98|48)\b|\baddress (?:is )?already in use\b|\bAddrInUse\b|\bOnly one usage of each socket address\b/i,
  ),
  certain(
    'port-in-use',
    'port-in-use',
    /\bport:? ['"]?\d{2,5}['"]? (?:is |was )?(?:already |currently )?(?:in use|used|taken|occupied|allocated|being used)\b|\bport is already (?:in use|allocated)\b|\balready (?:using|listening on|running on) (?:the |this |that )?port\b/i,
  ),
  certain('port-in-use', 'gunicorn-port', /\bConnection in use: \(/),
  certain(
    'configuration',
    'privileged-port',
    /\blisten EACCES\b|\bbind: permission denied\b|\b[Bb]ind\b.{0,60}\b\d{1,3}\b.{0,20}\b[Pp]ermission denied\b|\bbind on address\b.{0,60}\bpermission denied\b/,
    { advice: PRIVILEGED },
  ),
  certain('configuration', 'python-privileged-port', /^PermissionError: \[Errno 13\] Permission denied$/, {
    frame: /\bin (?:server_)?bind\b|\.bind\(/,
    advice: PRIVILEGED,
  }),
  likely(
    'configuration',
    'foreign-address',
    /\blisten EADDRNOTAVAIL\b|\bbind: cannot assign requested address\b|\bbind on address\b.{0,60}\bcannot assign requested address\b/,
    { advice: ADDRESS },
  ),

  // Files
  likely(
    'configuration',
    'file-watchers',
    /\bENOSPC: System limit for number of file watchers\b|\binotify (?:watch|instance)(?:es|s)? limit\b|\bmax_user_watches\b/,
    { advice: WATCHERS },
  ),
  likely(
    'configuration',
    'disk-full',
    /\bENOSPC\b|\bNo space left on device\b|\bdatabase or disk is full\b|\b[Dd]isk quota exceeded\b|\bEDQUOT\b/,
    { advice: DISK },
  ),
  certain('unhandled-exception', 'descriptors', /\bE[MN]FILE\b|\b[Tt]oo many open files\b/, { advice: DESCRIPTORS }),
  certain('unhandled-exception', 'database-locked', /\bdatabase is locked\b|\bSQLITE_BUSY\b/),
  likely(
    'configuration',
    'pid-file',
    /\bpid ?file\b.{0,80}\b(?:already exists|exists|is locked)\b|\block ?file\b.{0,80}\b(?:already exists|held by|is held|exists)\b|\balready (?:running|locked)\b.{0,20}\b(?:pid|process)\b|\bCould not get lock \//i,
    { advice: LOCK },
  ),
  likely('configuration', 'other-instance', /\banother instance (?:of \S{1,60} )?is (?:already )?running\b/i, {
    advice: LOCK,
  }),
  likely('configuration', 'read-only-files', /\bEROFS\b|\bRead-only file system\b/),
];
