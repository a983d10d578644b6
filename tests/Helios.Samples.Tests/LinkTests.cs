using System.Text.RegularExpressions;

namespace Helios.Samples.Tests;

/// <summary>Every link from one page of the repository to another leads somewhere.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Links_lead_to_files_and_headings_that_are_there()
    {
        var links = Pages.All.SelectMany(page => Links().Matches(page.Text).Select(match => (Page: page, Target: match.Groups["target"].Value))).ToList();
        links.Should().HaveCountGreaterThan(100);
        links.Where(link => !LeadsSomewhere(link.Page, link.Target)).Select(link => $"{link.Page.File}: {link.Target}").Should().BeEmpty();
    }

    private static bool LeadsSomewhere(Page page, string target)
    {
        var (path, heading) = target.Split('#') is [var file, var anchor] ? (file, anchor) : (target, null);
        var full = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.Combine(Sample.Root, page.File))!, path));
        if (path.Length == 0) full = Path.Combine(Sample.Root, page.File);
        if (heading is null) return File.Exists(full) || Directory.Exists(full);
        return File.Exists(full) && Headings().Matches(File.ReadAllText(full)).Any(match => Anchor(match.Groups["heading"].Value) == heading);
    }

    /// <summary>As GitHub makes them: lower case, spaces as hyphens, neither marks nor other punctuation.</summary>
    private static string Anchor(string heading) =>
        string.Concat(heading.Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?://)(?<target>[^)\s]+)\)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Links();

    [GeneratedRegex(@"^#+ (?<heading>.+)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Headings();
}
