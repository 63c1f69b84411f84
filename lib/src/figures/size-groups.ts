import type { SizeGroup } from "../paper/index.ts";

/** The size groups of §3.3 from small to large, as figures name them. */
export const sizeGroupOrder: readonly { readonly group: SizeGroup; readonly heading: string }[] = [
  { group: "<3B", heading: "under 3 B" },
  { group: "3-6B", heading: "3 to 6 B" },
  { group: ">=6B", heading: "6 B and more" },
];
