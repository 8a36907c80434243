using System.Text;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Tests.Sessions;

public sealed class SessionTests(MiniLm model)
{
    [Theory]
    [InlineData("cpu:0", true)]
    [InlineData("cuda:0", true)]
    [InlineData("cuda:7", true)]
    [InlineData("cpu:1", false)]
    [InlineData("cpu", false)]
    [InlineData("gpu:0", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda:", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_device_is_a_kind_and_a_number(string? text, bool sound)
    {
        Assert.Equal(sound, DeviceName.TryParse(text, out var device));
        if (sound)
            Assert.Equal(text, device.ToString());
    }

    [Fact]
    public async Task A_cpu_build_says_how_to_get_cuda()
    {
        if (OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
            Assert.Skip("this build has CUDA; build without -p:Accelerator=cuda");
        var e = await Assert.ThrowsAsync<DeviceUnavailableException>(() => MiniLm.Factory.CreateAsync(model.Package, new EngineOptions { Device = "cuda:0" }, CancellationToken.None));
        Assert.Equal("cuda:0", e.Device);
        Assert.Contains("-p:Accelerator=cuda", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_graph_are_refused_by_name()
    {
        var e = Assert.Throws<ModelPackageException>(() => OnnxSession.Create(Encoding.UTF8.GetBytes("not a graph"), "/models/x.onnx", new OnnxSessionOptions()));
        Assert.Equal("/models/x.onnx", e.Subject);
    }

    [Fact]
    public async Task Engine_threads_are_their_own_and_below_normal_priority()
    {
        var (pool, niceness) = await EngineThread.RunAsync("test", () => (Thread.CurrentThread.IsThreadPoolThread, EngineThread.CurrentNiceness));
        Assert.False(pool);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(Math.Min(19, EngineThread.ProcessNiceness + 2), niceness);

            // An engine's thread is started by the thread that loads its model.
            Assert.Equal(niceness, await await EngineThread.RunAsync("loads", () => EngineThread.RunAsync("decodes", () => EngineThread.CurrentNiceness)));
        }

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => EngineThread.RunAsync<int>("test", () => throw new InvalidOperationException("told")));
        Assert.Equal("told", e.Message);
    }

    [Fact]
    public void Options_are_refused_with_every_mistake()
    {
        var mistakes = EngineOptionsRules.Check(new EngineOptions { Device = "tpu:0", IntraOpThreads = 0, Workers = -1, MaxBatch = 0, MaxBatchTokens = 0, QueueCapacity = 0, MaxWait = TimeSpan.FromDays(1) });
        Assert.Equal(["Device", "IntraOpThreads", "Workers", "MaxBatch", "MaxBatchTokens", "QueueCapacity", "MaxWait"], mistakes.Select(m => m.Split(' ')[0]).OrderBy(m => Array.IndexOf(["Device", "IntraOpThreads", "Workers", "MaxBatch", "MaxBatchTokens", "QueueCapacity", "MaxWait"], m)));
        Assert.Empty(EngineOptionsRules.Check(new EngineOptions()));
    }
}
