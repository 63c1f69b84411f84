/** As much of a DOM element as measuring needs (lib is compiled without the browser's types). */
export interface SvgElement {
  readonly nodeName: string;
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly parentElement: SvgElement | null;
  readonly children: ArrayLike<SvgElement>;
  readonly childNodes: ArrayLike<SvgElement>;
  getAttribute(name: string): string | null;
}
