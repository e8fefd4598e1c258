-- Between which two ordered values does the median of n independent runs lie, and how surely?
-- P(X(l) <= median <= X(n+1-l)) = 1 - 2 P(B <= l-1), where B is order_tail's.  The largest rank l with at
-- least 0.95 is taken; with n < 6 there is none, then it is the smallest and the largest value with the
-- coverage they really have (n = 1: 0).  That is one interval by itself; of several at once joint_statistic
-- tells.  Source: H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition, Wiley 2003, section 7.1.
CREATE TEMP VIEW order_statistic AS
SELECT n, max(rank) AS low_rank, n + 1 - max(rank) AS high_rank, 1 - 2 * max(tail) AS coverage
FROM order_tail
GROUP BY n;
