// Layouts of all items that are shown, by what keeps neighbours together: UMAP and t-SNE.
import { PCA } from "constella";
import type { Device, NdArray } from "constella";
import { umapProjection } from "constella/report";
import { LAYOUTS, type LayoutName } from "../layouts";

/** Neighbours are looked for among so many principal components at most, as the command line does it. */
const COMPONENTS = 50;

/** What a layout is made with. */
export interface LayoutOptions {
  readonly seed: number;
  readonly device: Device;
  readonly signal: AbortSignal;
  /** The share that is done. */
  readonly onShare: (share: number) => void;
}

/** Places [n, 2] of rows x [n, d]; by UMAP they begin at the first two principal components. @throws the signal's reason when aborted */
export async function laidOut(
  name: LayoutName,
  x: NdArray<Float32Array>,
  { seed, device, signal, onShare }: LayoutOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const [n, d] = x.shape as [number, number];
  if (n < 4) throw new Error(`${LAYOUTS[name]}: at least 4 items are needed, got ${n}`);
  const count = Math.min(COMPONENTS, n, d);
  using pca = new PCA({ nComponents: count, device });
  const scores = await pca.fitTransform(x);
  signal.throwIfAborted();
  if (name === "umap") {
    const init = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 < count ? scores.data[(i >> 1) * count + (i % 2)]! : 0)); // prettier-ignore
    const onEpoch = (done: number, total: number): void => onShare(done / total);
    const { xy } = await umapProjection(scores.data, n, { seed, device, signal, init, maxPoints: n, onEpoch });
    return Float32Array.from(xy);
  }
  const { TSNE } = await import("constella/manifold");
  const perplexity = Math.min(30, (n - 1) / 3);
  using tsne = new TSNE({ seed, device, perplexity });
  await tsne.fit(scores, { signal, onStep: ({ epoch, epochs }) => onShare(epoch / epochs) });
  return Float32Array.from(tsne.embedding.data);
}
