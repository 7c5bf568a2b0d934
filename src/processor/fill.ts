import { WriteBatch } from "../kafka/log.ts";
import { Frame, type Task } from "./task.ts";

/** A transaction while it fills: frames of the tasks it touches, and what it will write. */
export class Fill {
  readonly frames: Map<Task, Frame> = new Map();
  writes: WriteBatch = new WriteBatch();
  /** The fill that is being committed underneath, if any. */
  #parent: Fill | undefined;
  records = 0;
  /** Bytes of input taken. */
  bytes = 0;
  /** Clock of the first record, ms; undefined while empty. */
  startedAt: number | undefined;

  constructor(parent: Fill | undefined) {
    this.#parent = parent;
  }

  get empty(): boolean {
    return this.frames.size === 0;
  }

  frame(task: Task): Frame {
    let frame = this.frames.get(task);
    if (frame === undefined) {
      frame = new Frame(task, this.#parent?.frames.get(task));
      this.frames.set(task, frame);
    }
    return frame;
  }

  /** The writes so far; the fill goes on with none. */
  takeWrites(): WriteBatch {
    const { writes } = this;
    this.writes = new WriteBatch();
    return writes;
  }

  /** The parent has been committed and applied: what was on top of it is now on top of the committed state. */
  detach(): void {
    this.#parent = undefined;
    for (const frame of this.frames.values()) frame.parent = undefined;
  }

  /** Gives the memory of the overlays back. The fill must not be used afterwards. */
  recycle(): void {
    for (const frame of this.frames.values()) frame.task.recycle(frame.events);
    this.frames.clear();
  }
}
