using Meridian.Gateway.Tests.Clients.Generation;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>The clients that callers have, unchanged, against a front door and against a region's facade, with a model that computes.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class GenerationClientsTests(ThreeRegions three)
{
    [Theory]
    [InlineData("front door")]
    [InlineData("facade")]
    public Task The_npm_client_passes(string edge) => NodeScenario.OpenAIAsync(Address(edge), ThreeRegions.Made);

    [Theory]
    [InlineData("front door")]
    [InlineData("facade")]
    public Task The_AI_SDK_passes(string edge) => NodeScenario.AiSdkAsync(Address(edge), ThreeRegions.Made);

    [Theory]
    [InlineData("front door")]
    [InlineData("facade")]
    public Task The_NuGet_client_passes(string edge) => OpenAIChatScenario.RunAsync(Address(edge), ThreeRegions.Made);

    [Theory]
    [InlineData("front door")]
    [InlineData("facade")]
    public Task Microsoft_Extensions_AI_passes(string edge) => ExtensionsAIScenario.RunAsync(Address(edge), ThreeRegions.Made);

    private Uri Address(string edge) =>
        edge == "facade" ? three.Installation.Facade(three.Installation.Regions[1]).Address : three.Installation.FrontDoor.Address;
}
