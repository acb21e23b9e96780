/** What may happen, and how often in relation. */
export const DEEDS = [
  [16, 'crash'],
  [10, 'start'],
  [6, 'stop'],
  [6, 'restart'],
  [2, 'reset'],
  [8, 'shell'],
  [8, 'fate of a launch'],
  [5, 'supervisor killed'],
  [5, 'hang'],
  [2, 'blip'],
  [3, 'daemon killed'],
  [4, 'daemon frozen'],
  [4, 'database away'],
  [5, 'commit in doubt'],
  [2, 'time gap'],
  [1, 'daemon ended'],
  [1, 'reboot'],
] as const;
export type Deed = (typeof DEEDS)[number][1];
