import { needsGradient, noGrad } from "./graph";
import { add } from "./ops/elementwise";
import { ones, zeros } from "./ops/layout";
import { sumTo } from "./ops/reduce";
import { format, sameShape, tidy, view } from "./tensor";
import type { Tensor } from "./tensor";

/** Inputs before outputs, from the leaves to `root`; iterative, since a graph can be deeper than the call stack. */
function topologicalOrder(root: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>([root]);
  const stack: { tensor: Tensor; next: number }[] = [{ tensor: root, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    const input = top.tensor.node?.inputs[top.next++];
    if (input === undefined) {
      order.push(top.tensor);
      stack.pop();
    } else if (!seen.has(input) && needsGradient(input)) {
      seen.add(input);
      stack.push({ tensor: input, next: 0 });
    }
  }
  return order;
}

/**
 * The gradients of a scalar with respect to `params`, in their order; zeros where the loss does not depend on one.
 * @throws when the loss is not a scalar or nothing tracked leads to it, and, naming the op, when a gradient has a wrong shape
 */
export function grad(loss: Tensor, params: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1) throw new Error(`grad: the loss must be a scalar, got ${format(loss)}`);
  params.forEach((param, i) => {
    if (!param.tracked)
      throw new Error(`grad: parameter ${i} of shape ${format(param)} is not tracked, make it with parameter()`);
  });
  if (!needsGradient(loss)) throw new Error("grad: the loss depends on no parameter");
  return tidy(() =>
    noGrad(() => {
      const gradients = new Map<Tensor, Tensor>([[loss, ones(loss.device, loss.shape)]]);
      for (const tensor of topologicalOrder(loss).reverse()) {
        const { node } = tensor;
        const dy = gradients.get(tensor);
        if (!node || !dy) continue;
        const thunks = node.backward(dy);
        node.inputs.forEach((input, i) => {
          if (!needsGradient(input)) return;
          const dx = toInputShape(node.op, thunks[i]!(), input, i);
          const sum = gradients.get(input);
          gradients.set(input, sum ? add(sum, dx) : dx);
        });
        if (!tensor.tracked && tensor !== loss) gradients.delete(tensor);
      }
      const given = new Set<Tensor>();
      return params.map((param) => {
        const gradient = gradients.get(param) ?? zeros(param.device, param.shape);
        if (given.has(gradient)) return view(gradient, gradient.shape); // so that each can be disposed of by itself
        given.add(gradient);
        return gradient;
      });
    }),
  );
}

/** The one place where gradients are summed back over broadcast axes. */
function toInputShape(op: string, dx: Tensor, input: Tensor, i: number): Tensor {
  if (sameShape(dx.shape, input.shape)) return dx;
  const broadcast =
    input.rank <= dx.rank &&
    input.shape.every((size, axis) => size === 1 || size === dx.shape[dx.rank - input.rank + axis]);
  if (!broadcast)
    throw new Error(`grad: ${op} gave input ${i} of shape ${format(input)} a gradient of shape ${format(dx)}`);
  return sumTo(dx, input.shape);
}
