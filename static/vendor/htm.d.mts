import type {VNode} from 'preact';

/** What may stand in a template. That functions are among it lets their parameters be untyped events. */
export type Value = ((...args: any[]) => any) | object | string | number | bigint | boolean | symbol | null | undefined;

declare const htm: {
  bind(h: unknown): (strings: TemplateStringsArray, ...values: Value[]) => VNode;
};
export default htm;
