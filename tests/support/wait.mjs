// Waiting for conditions. No test waits a fixed time where something can be seen to happen.

import { setTimeout as delay } from 'node:timers/promises';

// Generous: a loaded machine under sanitizers must not fail a test; a condition that holds ends the wait at once.
export const patienceMs = 15_000;

// Waits until `condition()` (may be async) is truthy and returns its value.
export async function until(condition, what, timeoutMs = patienceMs) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await delay(5);
  }
}

// Waits for a promise, for a limited time.
export async function within(promise, what, timeoutMs = patienceMs) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${timeoutMs} ms in vain for ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export { delay };
