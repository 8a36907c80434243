using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>A graph that was verified and understood.</summary>
/// <param name="Graph">Its roles.</param>
/// <param name="Config">The configuration it agrees with.</param>
/// <param name="Model">Its bytes, verified.</param>
/// <param name="Path">Where they came from.</param>
/// <param name="HasExternalFiles">Whether weights lie in files beside it; they are verified, too.</param>
internal sealed record OpenedDecoder(DecoderGraph Graph, DecoderConfig Config, byte[] Model, string Path, bool HasExternalFiles);
