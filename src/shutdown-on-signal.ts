/** Shuts a service down on the first signal. After a signal during the start, it does so once the start has finished. */
export class ShutdownOnSignal<Service> {
  private signal: NodeJS.Signals | null = null;
  private service: Service | null = null;

  /**
   * @param begin called at the first signal, before the shutdown
   * @param shutDown called once, with the started service
   */
  constructor(
    private readonly begin: () => void,
    private readonly shutDown: (service: Service, signal: NodeJS.Signals) => void,
  ) {}

  get isShuttingDown(): boolean {
    return this.signal !== null;
  }

  /** Ignores every signal but the first: Ctrl-C in a shell and a process manager may send several at once. */
  onSignal(signal: NodeJS.Signals): void {
    if (this.signal !== null) return;
    this.signal = signal;
    this.begin();
    if (this.service !== null) this.shutDown(this.service, signal);
  }

  onStarted(service: Service): void {
    this.service = service;
    if (this.signal !== null) this.shutDown(service, this.signal);
  }
}
