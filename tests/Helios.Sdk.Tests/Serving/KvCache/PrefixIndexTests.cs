using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Tests.Serving.KvCache;

public class PrefixIndexTests
{
    private static readonly KvShape Shape = new(1, 1, 1);

    [Fact]
    public void It_finds_what_was_entered_and_not_removed_under_the_same_key_behind_the_same_blocks()
    {
        // Blocks of two tokens out of three, so that tokens repeat under different parents and keys.
        var acts = Gen.ListOf(Gen.Zip(Gen.Zip(Gen.Choose(0, 2), Gen.Choose(0, 3)), Gen.ListOf(Gen.Choose(0, 8)).Resize(5))).Resize(120);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(acts.ToArbitrary(), list =>
        {
            var index = new PrefixIndex(2);
            var model = new Dictionary<string, KvBlock>(StringComparer.Ordinal);
            foreach (var ((key, kind), path) in list)
            {
                if (kind < 3) Enter(index, model, key, [.. path]);
                else RemoveLast(index, model, key, [.. path]);
                Must(index.Count == model.Count, "it holds as many blocks as the model");
            }

            foreach (var (_, path) in list)
            {
                for (var key = 0; key < 3; key++) MustAgree(index, model, key, [.. path]);
            }
        }));
    }

    [Fact]
    public void Of_a_third_of_a_million_blocks_some_have_the_same_hash_and_none_is_taken_for_another()
    {
        var index = new PrefixIndex(1);
        var root = index.RootOf(Key(0));
        var nodes = Enumerable.Range(0, 300_000).Select(i => index.Add(root, [i], new KvBlock(0, i))).ToList();

        nodes.DistinctBy(node => node.Hash).Count().Should().BeLessThan(nodes.Count, "of 45 thousand million pairs ten agree in 32 bits");
        nodes.Where((node, i) => index.Find(root, [i]) != node).Should().BeEmpty();
        index.Find(root, [300_000]).Should().BeNull();
    }

    [Fact]
    public void A_key_is_forgotten_with_its_last_block()
    {
        var index = new PrefixIndex(2);
        var root = index.RootOf(Key(0));
        var first = index.Add(root, [1, 2], default);
        var second = index.Add(first, [3, 4], default);
        index.RootOf(Key(0)).Should().BeSameAs(root);
        PrefixIndex.LeafOf(first).Should().BeSameAs(second);

        index.Remove(second);
        index.FindRoot(Key(0)).Should().BeSameAs(root);
        index.Remove(first);
        index.FindRoot(Key(0)).Should().BeNull();
        index.Count.Should().Be(0);
    }

    [Fact]
    public void A_tenant_and_a_group_of_the_same_name_are_not_the_same()
    {
        var index = new PrefixIndex(2);
        var tenant = new PrefixKey(new CacheScope("a", IsGroup: false, 1), 1, Shape);
        index.Add(index.RootOf(tenant), [1, 2], default);
        index.FindRoot(tenant with { Scope = new CacheScope("a", IsGroup: true, 1) }).Should().BeNull();
        index.FindRoot(tenant with { Model = 2 }).Should().BeNull();
        index.FindRoot(tenant with { Shape = new KvShape(2, 1, 1) }).Should().BeNull();
        index.FindRoot(tenant).Should().NotBeNull();
    }

    private static PrefixKey Key(int key) => new(new CacheScope("scope", IsGroup: false, 1), key, Shape);

    /// <summary>A number as the two tokens of a block.</summary>
    private static int[] Tokens(int block) => [block / 3, block % 3];

    private static string Name(int key, IEnumerable<int> path) => $"{key}:{string.Join(',', path)}";

    private static void Enter(PrefixIndex index, Dictionary<string, KvBlock> model, int key, int[] path)
    {
        if (path.Length == 0) return;
        var node = index.RootOf(Key(key));
        for (var i = 0; i < path.Length; i++)
        {
            var block = new KvBlock(key, model.Count);
            var isNew = model.TryAdd(Name(key, path.Take(i + 1)), block);
            var found = index.Find(node, Tokens(path[i]));
            Must(found is null == isNew, "it finds what the model has");
            node = found ?? index.Add(node, Tokens(path[i]), block);
        }
    }

    private static void RemoveLast(PrefixIndex index, Dictionary<string, KvBlock> model, int key, int[] path)
    {
        if (Walk(index, key, path) is not { Children.Count: 0 } node || node is PrefixRoot) return;
        index.Remove(node);
        Must(model.Remove(Name(key, path)), "the model has what it finds");
    }

    private static void MustAgree(PrefixIndex index, Dictionary<string, KvBlock> model, int key, int[] path)
    {
        if (path.Length == 0) return;
        var found = Walk(index, key, path);
        Must(found is not null == model.TryGetValue(Name(key, path), out var block), "it finds what the model has");
        Must(found is null || found.Block == block, "it finds the block that was entered");
    }

    private static PrefixNode? Walk(PrefixIndex index, int key, int[] path)
    {
        var node = index.FindRoot(Key(key));
        foreach (var block in path) node = node is null ? null : index.Find(node, Tokens(block));
        return node;
    }

    private static void Must(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"Violated: {what}.");
    }
}
