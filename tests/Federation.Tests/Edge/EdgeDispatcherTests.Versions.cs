using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Specs;

namespace Meridian.Federation.Tests.Edge;

public sealed partial class EdgeDispatcherTests
{
    [Fact]
    public async Task A_region_that_does_not_know_the_model_is_passed_over()
    {
        _regions["eastus"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.ModelNotFound, "removed here"));

        var answer = await InferAsync();

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_model_that_no_region_knows_any_more_is_not_found()
    {
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _regions[region] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.ModelNotFound, $"removed in {region}"));

        var answer = await InferAsync();

        Assert.Equal((RefusalCode.ModelNotFound, 3), (answer.Reply.Refusal!.Code, answer.Attempts));
    }

    [Theory]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.NoCapacity)]
    [InlineData(RefusalCode.RegionLost)]
    public async Task A_request_whose_chosen_version_no_region_can_serve_goes_on_with_any_version(RefusalCode code)
    {
        Deploy(new DeploymentSpec { Version = "v1" });
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
        {
            _regions[region] = (request, _) =>
                Task.FromResult(request.Version is null ? Sample.Result(region, request) : InferReply.Refuse(code, $"v1 has gone from {region}"));
        }

        var answer = await InferAsync();

        Assert.NotNull(answer.Reply.Result);
        Assert.Equal(["v1", "v1", "v1", null], _sent.Select(sent => sent.Request.Version));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_request_that_names_a_version_keeps_it()
    {
        _options.WaitForRegion = TimeSpan.Zero;
        Deploy(new DeploymentSpec { Weights = [new() { Version = "v1", Weight = 1 }, new() { Version = "v2", Weight = 1 }] });
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _regions[region] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NotReady, "not ready"));

        var answer = await InferAsync(Sample.Request() with { Version = "v1" });

        Assert.Equal(RefusalCode.NotReady, answer.Reply.Refusal!.Code);
        Assert.Equal(["v1", "v1", "v1"], _sent.Select(sent => sent.Request.Version));
    }

    [Fact]
    public async Task A_stream_whose_chosen_version_no_region_can_open_is_opened_with_any_version()
    {
        Deploy(new DeploymentSpec { Version = "v1" });
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
        {
            _streams[region] = (request, life) => Task.FromResult(request.Version is null
                ? new StreamOpening(new TestStream(region, request, life).With(3), null)
                : new StreamOpening(null, new Refusal { Code = RefusalCode.NotReady, Message = "v1 has gone" }));
        }

        var opening = await OpenAsync();

        Assert.NotNull(opening.Stream);
        Assert.Equal(["v1", "v1", "v1", null], _sent.Select(sent => sent.Request.Version));
        await opening.Stream.DisposeAsync();
    }

    /// <summary>Declares versions for the model. All regions report v1 and v2 ready.</summary>
    private void Deploy(DeploymentSpec deployment)
    {
        var intent = _directory.Current.Intent;
        _directory.Publish(_directory.Current with
        {
            Intent = intent with { Models = [.. intent.Models.Select(model => model with { Spec = new ModelSpec { Kind = model.Kind, OwnedBy = model.OwnedBy }, Deployment = deployment })] },
        });
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Load(region, Sample.Model() with { Version = "v1" }, Sample.Model() with { Version = "v2" });
    }
}
