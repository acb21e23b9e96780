import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { MACHINE_RULES } from './machine-rules';

const BIND = 'File "/usr/lib/python3.11/socketserver.py", line 456, in server_bind\n    self.socket.bind(self.address)';

describe('the table of what machines lack', () => {
  checkRows(MACHINE_RULES, {
    'gpu-memory': [
      'out-of-memory certain',
      python(
        'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8 GiB',
      ),
      python('RuntimeError: CUDA error: out of memory'),
      'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4096.00 MiB on device 0: cudaMalloc failed: out of memory\n',
    ],
    'vllm-memory': [
      'out-of-memory certain',
      python('ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`.'),
      python(
        'ValueError: Free memory on device cuda:0 (3.1/24 GiB) on startup is less than desired GPU memory utilization',
      ),
    ],
    'v8-memory': [
      'out-of-memory certain',
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n\n 1: 0xb9a330 node::OOMErrorHandler(char const*) [node]\n',
      node('RangeError: Array buffer allocation failed'),
    ],
    'jvm-memory': [
      'out-of-memory certain',
      'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat com.example.Agent.run(Agent.java:12)\n',
    ],
    'dotnet-memory': [
      'out-of-memory certain',
      "Unhandled exception. System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.\n   at Agent.Main() in /src/Agent.cs:line 9\n",
    ],
    'python-memory': [
      'out-of-memory certain',
      python('MemoryError'),
      python(
        'numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,)',
      ),
    ],
    'go-memory': [
      'out-of-memory certain',
      'fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
    'native-memory': [
      'out-of-memory certain',
      "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n",
      'memory allocation of 17179869184 bytes failed\n',
    ],
    'php-memory': [
      'out-of-memory certain',
      'PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /srv/a.php on line 3\n',
    ],
    'system-memory': [
      'out-of-memory certain',
      python('OSError: [Errno 12] Cannot allocate memory'),
      node('Error: spawn ENOMEM', "code: 'ENOMEM'"),
      'Out of memory\n',
    ],
    'address-in-use': [
      'port-in-use certain',
      node('Error: listen EADDRINUSE: address already in use :::3000', "code: 'EADDRINUSE'"),
      python('OSError: [Errno 98] Address already in use'),
      "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use\n",
      'panic: listen tcp :8080: bind: address already in use\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
    'port-in-use': [
      'port-in-use certain',
      'Port 18789 is already in use.\n',
      'Error response from daemon: driver failed: Bind for 0.0.0.0:80 failed: port is already allocated\n',
      'Another server is already listening on port 5000\n',
    ],
    'gunicorn-port': [
      'port-in-use certain',
      "[2024-05-01 10:00:00 +0000] [812] [ERROR] Connection in use: ('0.0.0.0', 8000)\n",
    ],
    'privileged-port': [
      'configuration certain',
      node('Error: listen EACCES: permission denied 0.0.0.0:80', "code: 'EACCES'"),
      '2024/05/01 10:00:00 listen tcp :80: bind: permission denied\n',
      "ERROR:    [Errno 13] error while attempting to bind on address ('0.0.0.0', 80): permission denied\n",
      'nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)\n',
    ],
    'python-privileged-port': ['configuration certain', python('PermissionError: [Errno 13] Permission denied', BIND)],
    'foreign-address': [
      'configuration likely',
      node('Error: listen EADDRNOTAVAIL: address not available 10.9.9.9:8080', "code: 'EADDRNOTAVAIL'"),
      "ERROR:    [Errno 99] error while attempting to bind on address ('10.9.9.9', 80): cannot assign requested address\n",
    ],
    'file-watchers': [
      'configuration likely',
      node("Error: ENOSPC: System limit for number of file watchers reached, watch '/srv/agent'", "code: 'ENOSPC'"),
      python('OSError: [Errno 28] inotify watch limit reached'),
    ],
    'disk-full': [
      'configuration likely',
      python("OSError: [Errno 28] No space left on device: '/srv/data/x.bin'"),
      node('Error: ENOSPC: no space left on device, write', "code: 'ENOSPC'"),
      python('sqlite3.OperationalError: database or disk is full'),
    ],
    descriptors: [
      'unhandled-exception certain',
      python("OSError: [Errno 24] Too many open files: '/srv/data/x'"),
      node("Error: EMFILE: too many open files, open '/srv/data/x'", "code: 'EMFILE'"),
    ],
    'database-locked': [
      'unhandled-exception certain',
      python('sqlite3.OperationalError: database is locked'),
      node('SqliteError: database is locked', "code: 'SQLITE_BUSY'"),
    ],
    'pid-file': [
      'configuration likely',
      "ERROR: Pidfile (celerybeat.pid) already exists.\nSeems we're already running? (pid: 13)\n",
      'gateway already running (pid 4711)\n',
      'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt)\n',
    ],
    'other-instance': ['configuration likely', 'Another instance of scout is already running.\n'],
    'read-only-files': [
      'configuration likely',
      python("OSError: [Errno 30] Read-only file system: '/srv/data'"),
      node("Error: EROFS: read-only file system, open '/srv/x'", "code: 'EROFS'"),
    ],
  });
});
