"""The native anchor of `npm run bench -- --python`: PyTorch on the CPU with one thread, or on a GPU by CUDA, in float32 throughout.

usage: python3 torch_steps.py FOLDER   (see serve.py)
"""

import torch
import serve
from serve import problem

torch.set_num_threads(1)
device = problem["device"]
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
def array(name, *shape): return torch.from_numpy(serve.array(name, *shape)).to(device)
def save(name, tensor): serve.save(name, tensor.detach().cpu().contiguous().numpy())

if problem["kind"] == "gemm":
    n = problem["n"]
    a, b = array("a", n, n), array("b", n, n)
    out = []
    def run():
        for _ in range(problem["repeats"]): c = a @ b
        out[:] = [c.cpu()]
    def result(): save("c", out[0])
elif problem["kind"] == "vgg":
    from torch.nn.functional import batch_norm, conv2d, cross_entropy, linear, max_pool2d
    batch, side, losses = problem["batch"], problem["side"], []
    x, labels = array("x", batch, 1, side, side), array("labels", batch).long()
    parameters = [array(f"p{i}", *shape).requires_grad_() for i, shape in enumerate(problem["shapes"])]
    optimizer = torch.optim.SGD(parameters, problem["learningRate"], momentum=problem["momentum"])
    def forward():
        rest = iter(parameters)
        def normalized(h): return torch.relu(batch_norm(h, None, None, next(rest), next(rest), training=True))
        h = x
        for i in range(4):
            h = normalized(conv2d(h, next(rest), padding=1))
            if i % 2: h = max_pool2d(h, 2)
        h = normalized(linear(h.flatten(1), next(rest), next(rest)))
        h = torch.relu(linear(h, next(rest), next(rest)))
        return linear(h, next(rest), next(rest))
    def run():
        optimizer.zero_grad()
        loss = cross_entropy(forward(), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    def result():
        save("losses", torch.tensor(losses))
        save("parameters", torch.cat([p.reshape(-1) for p in parameters]))
elif problem["kind"] == "rbdlstm":
    batch, features, losses = problem["batch"], problem["features"], []
    x = array("x", batch, problem["steps"], features)
    parameters = [array(f"p{i}", *shape).requires_grad_() for i, shape in enumerate(problem["shapes"])]
    optimizer = torch.optim.SGD(parameters, problem["learningRate"], momentum=problem["momentum"])
    zeros, bias = torch.zeros(2, batch, features // 2, device=device), torch.zeros(2 * features, device=device) # torch adds a second bias
    def run():
        h = x
        for layer in range(problem["layers"]):
            w = parameters[6 * layer : 6 * layer + 6]
            weights = [*w[:3], bias, *w[3:], bias]
            h = h + torch._VF.lstm(h, (zeros, zeros), weights, True, 1, 0.0, True, True, True)[0]
        optimizer.zero_grad()
        loss = (h ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    def result():
        save("losses", torch.tensor(losses))
        save("parameters", torch.cat([p.reshape(-1) for p in parameters]))
elif problem["kind"] == "vae":
    from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu, linear
    batch, latents, style, layers, losses = problem["batch"], problem["latents"], problem["style"], problem["layers"], []
    x, eps, keep = array("x", batch, *problem["shape"]), array("eps", batch, latents), array("keep", batch, 1)
    parameters = [array(f"p{i}", *shape).requires_grad_() for i, shape in enumerate(problem["shapes"])]
    optimizer = torch.optim.SGD(parameters, problem["learningRate"], momentum=problem["momentum"])
    convolutional = len(problem["shape"]) > 1
    def run():
        rest = iter(parameters)
        h = x
        for _ in layers:
            h = leaky_relu(conv2d(h, next(rest), next(rest), stride=2, padding=1) if convolutional else linear(h, next(rest), next(rest)), 0.1)
        code = linear(h.flatten(1), next(rest), next(rest))
        mu, logvar = code[:, :latents], code[:, latents : 2 * latents]
        z = mu + torch.exp(0.5 * logvar) * eps
        full = torch.cat([z, code[:, 2 * latents :] * keep], 1) if style else z
        planes = leaky_relu(linear(full, next(rest), next(rest)), 0.1)
        if convolutional: planes = planes.view(batch, layers[-1], problem["shape"][1] >> len(layers), -1)
        for i in range(len(layers)):
            w, b = next(rest), next(rest)
            planes = conv_transpose2d(planes, w, b, stride=2, padding=1, output_padding=1) if convolutional else linear(planes, w, b)
            if i < len(layers) - 1: planes = leaky_relu(planes, 0.1)
        if problem["prior"] == "normal": held = 0.5 * (logvar.exp() + mu ** 2 - 1 - logvar).sum() / batch
        else:
            density = torch.logaddexp(-2 * (z + 2) ** 2, -2 * (z - 2) ** 2) # of the modes, but for ln(2 s √2π)
            held = (-0.5 * logvar - 0.5 * eps ** 2 - density).sum() / batch
        optimizer.zero_grad()
        loss = ((planes - x) ** 2).sum() / (2 * problem["sigma"] ** 2 * batch) + held
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    def result():
        save("losses", torch.tensor(losses))
        save("parameters", torch.cat([p.reshape(-1) for p in parameters]))
else:
    sizes, code, losses = problem["sizes"], problem["code"], []
    x = array("x", problem["batch"], sizes[0])
    layers = [(array(f"w{i}", sizes[i], sizes[i + 1]).requires_grad_(), array(f"b{i}", sizes[i + 1]).requires_grad_()) for i in range(len(sizes) - 1)]
    parameters = [p for layer in layers for p in layer]
    optimizer = torch.optim.SGD(parameters, problem["learningRate"], momentum=problem["momentum"])
    def run():
        h = x
        for i, (w, b) in enumerate(layers):
            h = torch.addmm(b, h, w)
            if i not in (code, len(layers) - 1): h = torch.relu(h)
        optimizer.zero_grad()
        loss = ((h - x) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    def result():
        save("losses", torch.tensor(losses))
        save("parameters", torch.cat([p.reshape(-1) for p in parameters]))

serve.serve(run, result, torch.__version__)
