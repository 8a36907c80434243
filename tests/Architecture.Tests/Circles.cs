namespace Meridian.Architecture.Tests;

/// <summary>Finds the circles of a graph.</summary>
internal static class Circles
{
    /// <summary>The strongly connected components of more than one node, by Tarjan's algorithm.</summary>
    public static List<SortedSet<string>> Of(IReadOnlyDictionary<string, SortedSet<string>> graph)
    {
        var circles = new List<SortedSet<string>>();
        var (order, lowest, stack) = (new Dictionary<string, int>(), new Dictionary<string, int>(), new Stack<string>());
        foreach (var node in graph.Keys)
        {
            if (!order.ContainsKey(node))
            {
                Visit(node);
            }
        }

        return circles;

        void Visit(string node)
        {
            order[node] = lowest[node] = order.Count;
            stack.Push(node);
            foreach (var next in graph[node])
            {
                if (!order.TryGetValue(next, out var position))
                {
                    Visit(next);
                    lowest[node] = Math.Min(lowest[node], lowest[next]);
                }
                else if (stack.Contains(next))
                {
                    lowest[node] = Math.Min(lowest[node], position);
                }
            }

            if (lowest[node] != order[node])
            {
                return;
            }

            var circle = new SortedSet<string>(StringComparer.Ordinal);
            string popped;
            do
            {
                popped = stack.Pop();
                circle.Add(popped);
            }
            while (popped != node);
            if (circle.Count > 1)
            {
                circles.Add(circle);
            }
        }
    }
}
