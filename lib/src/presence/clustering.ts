/** Two clusters that become one. Items are clusters 0 … n − 1; the merge i makes cluster n + i. */
export interface Merge {
  readonly first: number;
  /** above first */
  readonly second: number;
  /** mean distance between the members of the two */
  readonly distance: number;
  /** members of the new cluster */
  readonly size: number;
}

/**
 * Hierarchical clustering by average linkage (UPGMA): the two clusters with the smallest mean distance between their members are joined, until
 * one is left.
 *
 *     d(A ∪ B, C) = (|A| d(A, C) + |B| d(B, C)) / (|A| + |B|)
 *
 * Source: Sokal & Michener 1958, Univ. Kansas Sci. Bull. 38. Numbering as in SciPy's `linkage(…, "average")`.
 *
 * @param distances  symmetric, diagonal 0 [n][n]; NaN is refused
 * @returns  [n − 1], by growing distance; of equal distances the pair with the lowest numbers first
 */
export function averageLinkage(distances: readonly ArrayLike<number>[]): Merge[] {
  const n = distances.length;
  for (const [i, row] of distances.entries()) {
    for (let j = 0; j < n; j++)
      if (!(row[j]! >= 0)) throw new Error(`averageLinkage: distance ${i}, ${j} is ${row[j]}; a number of at least 0 is needed`);
  }
  const between = distances.map((row) => Array.from(row));
  let clusters = between.map((_, i) => ({ id: i, row: i, size: 1 }));
  const merges: Merge[] = [];
  while (clusters.length > 1) {
    const [a, b] = nearest(clusters, between);
    merges.push({ first: a.id, second: b.id, distance: between[a.row]![b.row]!, size: a.size + b.size });
    const rest = clusters.filter((cluster) => cluster !== a && cluster !== b);
    for (const { row } of rest) {
      const mean = (a.size * between[a.row]![row]! + b.size * between[b.row]![row]!) / (a.size + b.size);
      between[a.row]![row] = mean;
      between[row]![a.row] = mean;
    }
    clusters = [...rest, { id: n + merges.length - 1, row: a.row, size: a.size + b.size }];
  }
  return merges;
}

interface Cluster {
  readonly id: number;
  /** of the distances; a merged cluster keeps the first one's */
  readonly row: number;
  readonly size: number;
}

function nearest(clusters: readonly Cluster[], between: readonly (readonly number[])[]): [Cluster, Cluster] {
  let best: [Cluster, Cluster] = [clusters[0]!, clusters[1]!];
  const distance = ([a, b]: [Cluster, Cluster]): number => between[a.row]![b.row]!;
  for (const [i, a] of clusters.entries()) {
    for (const b of clusters.slice(i + 1)) if (distance([a, b]) < distance(best)) best = [a, b];
  }
  return best; // clusters are in the order of their ids
}

/**
 * The items in the order in which a dendrogram has its leaves: similar ones beside each other, the lower numbered cluster of each merge first.
 *
 * @param merges  of all n items, as `averageLinkage` gives them
 */
export function leafOrder(merges: readonly Merge[]): number[] {
  const n = merges.length + 1;
  const leaves = (id: number): number[] => {
    if (id < n) return [id];
    const { first, second } = merges[id - n]!;
    return [...leaves(first), ...leaves(second)];
  };
  return leaves(2 * n - 2);
}
