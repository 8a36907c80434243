using System.Runtime.CompilerServices;

namespace Meridian.TestModules;

/// <summary>
/// .NET settings for the processes that a test module starts, where the developer has set no others. Each of them lives for seconds: most of its processor time is compilation, and less of it goes
/// into code that is compiled twice and not three times. Threads that wait for work do not spin, since other processes need the processor.
/// </summary>
internal static class SharedMachine
{
    [ModuleInitializer]
    internal static void Initialize()
    {
        foreach (var (name, value) in new[] { ("DOTNET_TieredPGO", "0"), ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0") })
        {
            if (Environment.GetEnvironmentVariable(name) is null)
                Environment.SetEnvironmentVariable(name, value);
        }
    }
}
