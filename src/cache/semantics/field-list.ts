export { firstValue, hasField, withoutFields } from '../select/field.ts';
