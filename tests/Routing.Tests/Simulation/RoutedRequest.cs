namespace Meridian.Routing.Tests.Simulation;

/// <summary>One request of a run.</summary>
/// <param name="Edge">Position of its edge.</param>
/// <param name="SentMs">When it entered.</param>
/// <param name="Region">Position of the region that served it.</param>
/// <param name="CompletionMs">Until its answer was back.</param>
/// <param name="RegretMs">How much sooner the answer would have been back from the best region, as things stood when it entered.</param>
internal readonly record struct RoutedRequest(int Edge, double SentMs, int Region, double CompletionMs, double RegretMs);
