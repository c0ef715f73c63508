import { jest } from '@jest/globals';
import type { Machine, MachineEvent } from '@nandu/core';
import { Subject } from 'rxjs';
import { EventThrottle } from './event-throttle.js';

it('passes the first of a kind at once, then the latest a second, each key for itself', () => {
  jest.useFakeTimers();
  const events = new Subject<MachineEvent>();
  const heard: string[] = [];
  new EventThrottle({ events$: events } as unknown as Machine).events$.subscribe(({ name, rateLimitKey, timestampUs }) =>
    heard.push(`${name} ${rateLimitKey ?? '-'} ${timestampUs}`),
  );
  const say = (name: string, timestampUs: number, rateLimitKey?: string) => events.next({ name, timestampUs, ...(rateLimitKey ? { rateLimitKey } : {}) });

  for (const at of [1, 2, 3]) say('SIZE', at, 'vm0');
  say('SIZE', 4, 'vm1');
  say('STOP', 5);
  say('STOP', 6);
  expect(heard.splice(0)).toEqual(['SIZE vm0 1', 'SIZE vm1 4', 'STOP - 5', 'STOP - 6']);
  jest.advanceTimersByTime(999);
  expect(heard).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(heard.splice(0)).toEqual(['SIZE vm0 3']);
  say('SIZE', 7, 'vm0');
  say('SIZE', 8, 'vm1');
  expect(heard.splice(0)).toEqual(['SIZE vm1 8']);
  jest.advanceTimersByTime(1000);
  expect(heard.splice(0)).toEqual(['SIZE vm0 7']);
  jest.advanceTimersByTime(5000);
  say('SIZE', 9, 'vm0');
  expect(heard).toEqual(['SIZE vm0 9']);
  jest.useRealTimers();
});
