using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>An I/O binding that is kept from run to run. Ids, mask and the like are bound again only if their shape or address has changed.</summary>
internal sealed class RunBinding : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunTensors _tensors;
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _owned = [];
    private readonly int[] _versions;

    public RunBinding(InferenceSession session, RunTensors tensors)
    {
        _session = session;
        _tensors = tensors;
        _binding = session.CreateIoBinding();
        _versions = new int[tensors.Inputs.Length + 1];
    }

    /// <summary>Binds one tensor as both past and present, and takes ownership of it.</summary>
    public void BindInPlace(string past, string present, OrtValue value)
    {
        _owned.Add(value);
        Bind(past, value, present, value);
    }

    public void Bind(string past, OrtValue before, string present, OrtValue after)
    {
        _binding.BindInput(past, before);
        _binding.BindOutput(present, after);
    }

    public void Run(RunOptions options)
    {
        var inputs = _tensors.Inputs;
        for (var i = 0; i < inputs.Length; i++)
        {
            if (_versions[i] == inputs[i].Version)
                continue;
            _binding.BindInput(inputs[i].Name, inputs[i].Value);
            _versions[i] = inputs[i].Version;
        }

        var logits = _tensors.Logits;
        if (_versions[^1] != logits.Version)
        {
            _binding.BindOutput(logits.Name, logits.Value);
            _versions[^1] = logits.Version;
        }

        _session.RunWithBinding(options, _binding);
    }

    public void Dispose()
    {
        _binding.Dispose();
        foreach (var value in _owned)
            value.Dispose();
    }
}
