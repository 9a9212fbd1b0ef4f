import type { Asset } from "../../core/asset";
import type { AssetStore } from "./store";

/** Bytes of files that one copy of the function keeps, a good part of its memory. */
const MOST = 128 * 1024 ** 2;

/**
 * A store whose files stay in memory once they were read: they never change under their name, so most answers need no S3 at all. The
 * file that came first goes first.
 */
export function inMemory(store: AssetStore, most = MOST): AssetStore {
  const kept = new Map<string, Asset>();
  let bytes = 0;
  const keep = (key: string, asset: Asset): Asset => {
    bytes += asset.body.length - (kept.get(key)?.body.length ?? 0);
    kept.set(key, asset);
    for (const [oldest, { body }] of kept) {
      if (bytes <= most) break;
      kept.delete(oldest);
      bytes -= body.length;
    }
    return asset;
  };
  return {
    ...store,
    async read(key) {
      const asset = kept.get(key) ?? (await store.read(key));
      return asset && keep(key, asset);
    },
    write: async (key, content) => keep(key, await store.write(key, content)),
  };
}
