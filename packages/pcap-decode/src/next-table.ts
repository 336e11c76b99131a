import { checkInteger, InvalidValueError } from "./errors.ts";
import { type LayerType, layerById } from "./layer.ts";

/** Which layer follows for which number: EtherTypes, IP protocols, ports. Shared by decoding and building. */
export class NextTable {
  readonly name: string;
  // Flat arrays beat a Map in the walk; untouched pages of a 64 Ki table cost no memory.
  readonly #ids: Uint16Array;
  readonly #keys = new Map<LayerType, number>();

  /** `bits` is the width of the number: at most 16. */
  constructor(name: string, bits: number) {
    this.name = name;
    this.#ids = new Uint16Array(2 ** bits);
  }

  /** Makes `layer` follow for `key`. The first key bound to a layer is the one that building writes. */
  bind(key: number, layer: LayerType): void {
    checkInteger(`${this.name} number`, key, 0, this.#ids.length - 1);
    const taken = this.get(key);
    if (taken !== undefined && taken !== layer) {
      throw new InvalidValueError(`${this.name} ${key} for ${layer.name}`, key, `a free number: it is ${taken.name}`);
    }
    this.#ids[key] = layer.id;
    if (!this.#keys.has(layer)) this.#keys.set(layer, key);
  }

  /** The id of the layer of `key`, 0 without one; a key that is out of range has none. */
  idOf(key: number): number {
    return this.#ids[key] ?? 0;
  }

  /** The layer of `key`. */
  get(key: number): LayerType | undefined {
    return layerById[this.#ids[key]!];
  }

  /** The number that announces `layer`. */
  keyOf(layer: LayerType | undefined): number | undefined {
    return layer === undefined ? undefined : this.#keys.get(layer);
  }
}
