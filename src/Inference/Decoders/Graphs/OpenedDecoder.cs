using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>A graph that was verified and whose inputs and outputs are known.</summary>
/// <param name="Graph">The roles of its inputs and outputs.</param>
/// <param name="Config">The package's configuration, which agrees with the graph.</param>
/// <param name="Model">The graph's bytes, verified.</param>
/// <param name="Path">Path of the file that the bytes were read from.</param>
/// <param name="HasExternalFiles">Whether weights lie in files beside the graph. These files are verified, too.</param>
internal sealed record OpenedDecoder(DecoderGraph Graph, DecoderConfig Config, byte[] Model, string Path, bool HasExternalFiles);
