using System.Runtime.CompilerServices;

namespace Meridian.TestModules;

/// <summary>
/// .NET settings for the processes that a test module starts, where the developer has set no others. Each of them lives for seconds, and most of its processor time is compilation.
/// Code is compiled a second time, better, only where it is called more than 768 (hexadecimal 300) times. Threads that wait for work do not spin, since other processes need the processor.
/// </summary>
internal static class SharedMachine
{
    [ModuleInitializer]
    internal static void Initialize()
    {
        foreach (var (name, value) in new[] { ("DOTNET_TieredPGO", "0"), ("DOTNET_TC_CallCountThreshold", "300"), ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0") })
        {
            if (Environment.GetEnvironmentVariable(name) is null)
                Environment.SetEnvironmentVariable(name, value);
        }
    }
}
