import { ManualClock } from '@nandu/core';

/** A virtual clock that stands still until the test moves it (`advanceUs`, `advanceTo`). */
export class FakeClock extends ManualClock {}
