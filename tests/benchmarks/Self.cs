using Meridian.Cluster.Tests.Harness;

namespace Meridian.Benchmarks;

/// <summary>This executable, to be started again in another part.</summary>
public static class Self
{
    public static MeridianProgram Program { get; } = MeridianProgram.OfAssembly("Meridian.benchmarks.dll");
}
