
namespace Meridian.Cluster.Tests.Robustness;

/// <summary>A wrong request and the answer it must get.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Target.</param>
/// <param name="Body">Body, or null for none.</param>
/// <param name="Status">Status of the answer; 0 where the client hangs up before it.</param>
/// <param name="Code">The error's <c>code</c>, or null where it has none to check.</param>
/// <param name="Param">Start of the error's <c>param</c>, or null.</param>
public sealed record BadRequest(string Name, string Method, string Path, byte[]? Body, int Status, string? Code = null, string? Param = null)
{
    /// <value>Sends only half of the announced body and closes the connection.</value>
    public bool HangsUp { get; init; }

    /// <value>One in how many requests of the corpus is of this kind.</value>
    public int OneIn { get; init; } = 1;

    public override string ToString() => Name;
}
