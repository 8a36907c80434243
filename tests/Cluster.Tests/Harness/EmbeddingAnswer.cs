namespace Meridian.Cluster.Tests.Harness;

/// <summary>Vectors in the order of the texts, and the answer's headers by lower-case name.</summary>
public sealed record EmbeddingAnswer(float[][] Vectors, IReadOnlyDictionary<string, string> Headers);
