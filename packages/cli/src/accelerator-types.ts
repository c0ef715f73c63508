/** What `-accel` names, as types: management software looks in qom-list-types for what there is. Nothing is made of them. */
import { type ObjectClass, QObject, type } from '@nandu/core';

@type({ name: 'accel', abstract: true })
abstract class AcceleratorType extends QObject {}

@type({ name: 'tcg-accel' })
class TcgType extends AcceleratorType {}

@type({ name: 'qtest-accel' })
class QtestType extends AcceleratorType {}

export const acceleratorTypes: readonly ObjectClass[] = [TcgType, QtestType];
